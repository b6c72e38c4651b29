import { log } from '@temporalio/activity'
import { vectorNamespace } from '../../domain/keys.ts'
import type { BuildRef } from '../../domain/reindex.ts'
import { heartbeating } from '../heartbeating.ts'
import type { Ports } from '../ports.ts'
import type { Verdict } from './verify-build.ts'

type Mended = Pick<Verdict, 'expected' | 'found' | 'missingFiles' | 'wrongSearches'>

/**
 * Has files stored again that are not all there: those that are missing, or all where nobody can say which. What was embedded is
 * kept, so it costs no tokens. Vectors that nobody accounts for go with all others: no search reads them yet.
 */
export const mendBuild =
  ({ builds, vectors }: Pick<Ports, 'builds' | 'vectors'>) =>
  ({ expected, found, missingFiles, wrongSearches, ...build }: BuildRef & Mended): Promise<void> =>
    heartbeating(async (options) => {
      const other = await builds.other(build)
      if (!other) return
      const { expertId } = build
      const isKnown = missingFiles.length > 0 && wrongSearches === 0 && found <= expected
      log.warn('🩹 A generation is not complete: storing again', { expertId, expected, found })
      if (found > expected) await vectors.deleteNamespace(vectorNamespace(expertId, other.generation), options)
      await builds.requeueBuilt(build, isKnown ? missingFiles : undefined)
    })
