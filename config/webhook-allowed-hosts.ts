import { isIP } from 'node:net'
import type { Reader } from './reader.ts'

/** Names, addresses and ranges that webhooks may be sent to, though they are private. */
export function webhookAllowedHosts(from: Reader): string[] {
  const name = 'WEBHOOK_ALLOWED_HOSTS'
  const hosts = from.list(name)
  for (const host of hosts)
    if (!isHost(host)) from.fault(name, host, 'a list of hosts and ranges such as hooks.internal, 10.1.0.0/16')
  return hosts
}

function isHost(host: string): boolean {
  const [address = '', bits, ...rest] = host.split('/')
  const version = isIP(address)
  if (bits === undefined) return version > 0 || /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?$/i.test(host)
  return rest.length === 0 && version > 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}
