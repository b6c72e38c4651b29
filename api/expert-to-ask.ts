import type { ExpertStore, ExpertToAsk } from '../domain/ports.ts'
import { Problem } from './problem.ts'

/** @throws Problem EXPERT_NOT_FOUND, EXPERT_BEING_DELETED */
export async function expertToAsk(experts: ExpertStore, userId: string, expertId: string): Promise<ExpertToAsk> {
  const expert = await experts.findToAsk(userId, expertId)
  if (!expert) throw new Problem('EXPERT_NOT_FOUND')
  if (expert.status === 'deleting') throw new Problem('EXPERT_BEING_DELETED')
  return expert
}
