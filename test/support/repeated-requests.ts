/**
 * How many requests were made in vain: those of whose texts some had to be sent once more. Where every request is for the
 * same texts as its repetition, that is by how many they exceed those of a run without faults.
 */
export function repeatedRequests(requests: readonly (readonly string[])[]): number {
  const lastOf = new Map<string, number>()
  const inVain = new Set<number>()
  for (const [request, texts] of requests.entries())
    for (const text of texts) {
      const before = lastOf.get(text)
      if (before !== undefined) inVain.add(before)
      lastOf.set(text, request)
    }
  return inVain.size
}
