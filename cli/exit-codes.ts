/** How every command ends; docs/cli.md says it for users. */
export const EXIT = { failed: 1, usage: 2, partly: 3, interrupted: 130 } as const

/** Of things that were done one by one: some of them failed, or all. */
export function tellFailures(failed: number, all: number): void {
  if (failed > 0) process.exitCode = failed < all ? EXIT.partly : EXIT.failed
}
