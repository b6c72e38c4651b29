/** What a developer may have set for services of their own: a program that a test starts must not know of them. Nothing answers there. */
export const DEVELOPERS_SERVICES = {
  DATABASE_URL: 'postgres://developer:secret@127.0.0.1:9/precious',
  TEMPORAL_ADDRESS: '127.0.0.1:9',
  TEMPORAL_NAMESPACE: 'precious',
  TEMPORAL_API_KEY: 'precious',
  TEMPORAL_TASK_QUEUE: 'precious',
  S3_BUCKET_NAME: 'precious',
  S3_ACCESS_KEY_ID: 'precious',
  S3_SECRET_KEY: 'precious',
  S3_REGION: 'eu-west-1',
  S3_ENDPOINT: 'http://127.0.0.1:9',
  PINECONE_API_KEY: 'precious',
  PINECONE_CONTROLLER_HOST: 'http://127.0.0.1:9',
  OPENAI_API_KEY: 'precious',
  OPENAI_BASE_URL: 'http://127.0.0.1:9',
  CHUNK_TOKENS: '64',
}
