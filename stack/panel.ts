import { styleText } from 'node:util'

export type PanelOptions = {
  readonly apiUrl: string
  readonly temporalUiUrl: string
  readonly dataDir: string
  /** Name and description of each part, as `/readyz` tells them. */
  readonly parts: readonly (readonly [name: string, detail: string])[]
  /** What is chosen for new experts, which `/readyz` tells those only who have a key. */
  readonly embeddings: { readonly provider: string; readonly reason: string }
}

/** What a person needs once everything runs. */
export function panel({ apiUrl, temporalUiUrl, dataDir, parts, embeddings }: PanelOptions): string {
  const rows: (readonly [string, string])[] = [
    ['API', apiUrl],
    ['API docs', `${apiUrl}/docs`],
    ['Temporal Web UI', temporalUiUrl],
    ['Data', dataDir],
    ...parts.map(([name, detail]) => [name, name === 'embeddings' ? withChoice(detail, embeddings) : detail] as const),
  ]
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  const lines = rows.map(([name, value]) => `  ${styleText('dim', name.padEnd(width))}${value}`)
  return [
    '',
    `  ${styleText(['bold', 'green'], 'Expertsmith is ready')}`,
    '',
    ...lines,
    '',
    `  Next: ${styleText('bold', 'npm run demo')} in a second terminal. Ctrl-C here stops everything.`,
    '',
  ].join('\n')
}

const withChoice = (detail: string, { provider, reason }: PanelOptions['embeddings']) =>
  detail.includes(reason) ? detail : `${detail}; ${provider} (${reason})`
