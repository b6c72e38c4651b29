/** Everything that is wrong with the environment, a line each. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly faults: readonly string[]

  /** Parts that read the same variable find the same fault. */
  constructor(found: readonly string[]) {
    const faults = [...new Set(found)]
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    )
    this.faults = faults
  }
}
