import { ApplicationFailure } from '@temporalio/activity'
import { INSTALLATIONS, installationKey } from '../../domain/keys.ts'
import type { CallOptions } from '../../domain/ports.ts'
import type { Ports } from '../ports.ts'

type Uses = Pick<Ports, 'objects' | 'housekeeping'>

/** Leaves a mark in the object store, by which other installations see that it is not theirs alone. */
export async function markUse({ objects, housekeeping }: Uses, options?: CallOptions): Promise<void> {
  await objects.upload(installationKey(await housekeeping.installation()), Buffer.alloc(0), options)
}

/**
 * An object without a row may have one in another installation's database; with a wrong `DATABASE_URL` all of them have.
 * @throws ApplicationFailure STORE_IS_SHARED where another installation has left its mark
 */
export async function checkSoleUse(ports: Uses, options: CallOptions): Promise<void> {
  const own = installationKey(await ports.housekeeping.installation())
  for await (const { key } of ports.objects.list(INSTALLATIONS, options))
    if (key !== own)
      throw ApplicationFailure.nonRetryable(
        `Another installation uses the same object store, so nothing without a row is removed. If that one is gone, delete the object ${key}.`,
        'STORE_IS_SHARED',
      )
}
