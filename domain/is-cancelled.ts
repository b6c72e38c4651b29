/** Whether an error is what a cancellation has made of the work: Node's own functions call it an AbortError, others throw what they like. */
export const isCancelled = (error: unknown, signal?: AbortSignal): boolean =>
  signal?.aborted === true || (error instanceof Error && error.name === 'AbortError')
