import type { Connection } from '@temporalio/client'
import type { WorkerConfig } from '../../../config.ts'
import type { Finding } from './check.ts'
import { failed, ok, warning } from './check.ts'
import { pollersOf, WORKFLOWS } from './pollers.ts'

type Service = Connection['workflowService']
type Options = Pick<WorkerConfig, 'version'> & { readonly namespace: string; readonly taskQueue: string }

/** Whether the workers that poll are those that get the tasks. */
export async function workerVersion(service: Service, { namespace, taskQueue, version }: Options): Promise<Finding> {
  const pollers = await pollersOf(service, namespace, taskQueue, WORKFLOWS)
  const buildIds = [...new Set(pollers.map(({ buildId }) => buildId))]
  if (!version) return withoutVersion(buildIds)
  const current = await currentBuildId(service, namespace, version.deploymentName)
  const makeCurrent = `temporal worker deployment set-current-version --namespace ${namespace} --deployment-name ${version.deploymentName} --build-id ${version.buildId}`
  if (current === undefined)
    return failed(`no version of ${version.deploymentName} is current, so its workers get nothing`, makeCurrent)
  if (!buildIds.includes(current))
    return failed(
      `${current} is current, but no worker of it polls`,
      `Start one with WORKER_BUILD_ID=${current}, or: ${makeCurrent}`,
    )
  if (current !== version.buildId)
    return warning(`${current} is current, WORKER_BUILD_ID is ${version.buildId}`, makeCurrent)
  return ok(`${current} is current, and polls`)
}

function withoutVersion(buildIds: readonly (string | undefined)[]): Finding {
  const given = buildIds.filter((id) => id !== undefined)
  if (given.length === 0) return ok('none: every worker takes every task')
  return warning(
    `workers poll with the build ids ${given.join(', ')}, but WORKER_BUILD_ID is not set here`,
    'Set WORKER_BUILD_ID here as it is for the workers',
  )
}

async function currentBuildId(
  service: Service,
  namespace: string,
  deploymentName: string,
): Promise<string | undefined> {
  const answer = await service.describeWorkerDeployment({ namespace, deploymentName }).catch(undefinedIfNotFound)
  return answer?.workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId || undefined
}

const NOT_FOUND = 5

function undefinedIfNotFound(error: Error): undefined {
  if (!('code' in error && error.code === NOT_FOUND)) throw error
}
