import type { Registry } from 'prom-client'
import { gaugeOf } from './gauge-of.ts'
import type { Readiness, ReadinessReport } from './readiness.ts'

/** What `/readyz` says, in numbers. */
export function measureDependencies(registry: Registry, readiness: Readiness): void {
  const gauge = gaugeOf(registry, () => readiness.report())
  gauge({
    name: 'ready',
    help: 'Whether requests can be served, which takes Postgres: 1 or 0.',
    set: (gauge, { status }) => gauge.set(Number(status !== 'not_ready')),
  })
  gauge({
    name: 'dependency_up',
    help: 'Whether each part answers: 1 or 0; embeddings and chat by how they answered last, once they were asked.',
    labels: ['dependency'],
    set: (gauge, { checks }) => {
      for (const { name: dependency, status } of asked(checks)) gauge.set({ dependency }, Number(status === 'ok'))
    },
  })
  gauge({
    name: 'dependency_check_seconds',
    help: 'How long each part took to answer.',
    labels: ['dependency'],
    set: (gauge, { checks }) => {
      for (const { name: dependency, milliseconds } of asked(checks)) gauge.set({ dependency }, milliseconds / 1_000)
    },
  })
}

const asked = (checks: ReadinessReport['checks']) => checks.filter(({ isUnasked }) => !isUnasked)
