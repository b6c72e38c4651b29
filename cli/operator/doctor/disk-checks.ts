import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createObjectStore } from '../../../adapters/from-config.ts'
import type { ObjectStoreConfig } from '../../../config.ts'
import type { Finding, Group } from './check.ts'
import { failed, ok } from './check.ts'
import { describeError } from './failure-finding.ts'
import { nearestThere } from './nearest-there.ts'

type DiskConfig = Extract<ObjectStoreConfig, { kind: 'disk' }>

const FOLDER = 'doctor'

/** Tries the folder with one tiny object, which is removed with its own folder; makes none where there is none. */
export function diskChecks(config: DiskConfig): Group {
  const { dir } = config
  const objects = createObjectStore(config)
  const key = `${FOLDER}/${randomUUID()}`
  const take = async (): Promise<Finding> => {
    await objects.upload(key, Buffer.from(key))
    return (await objects.size(key)) === key.length
      ? ok(`${dir} takes objects`)
      : failed(`${dir} does not keep what it is given`, 'Set OBJECT_DIR to a disk that does')
  }
  return {
    name: 'Objects: disk',
    checks: [
      {
        name: 'Folder',
        find: async () => {
          const nearest = await nearestThere(dir)
          if (nearest === dir) return take()
          await access(nearest, constants.W_OK)
          return ok(`${dir} is made with the first file`)
        },
        explain: (error) => ({
          detail: describeError(error),
          fix: `Make it writable: chown -R "$(id -u)" ${dir}, or set OBJECT_DIR`,
        }),
      },
    ],
    close: async () => {
      await objects.delete(key)
      // Another one may look at the same time.
      await rmdir(join(dir, FOLDER)).catch(() => undefined)
    },
  }
}
