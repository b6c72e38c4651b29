/** In tokens, as the service counts them. */
export type ChatUsage = { readonly promptTokens: number; readonly completionTokens: number }
