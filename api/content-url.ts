/** Where the API gives the bytes of a file. */
export const contentUrl = (publicUrl: string, fileId: string) => `${publicUrl}/knowledge-base/files/${fileId}/content`
