import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { CallbackAddresses } from '../domain/webhook.ts'
import { AddressRefused } from '../domain/webhook.ts'
import { Slots } from './extraction/slots.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = [Address, number]
/** As `dns.lookup` with `all`. */
type Resolve = (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>

/** Each holds one of the process's four threads, which files are read with as well, until the system's resolver gives up. */
const LOOKUPS_AT_ONCE = 2
/** Whoever asked has given up by then. */
const LONGEST_WAIT_MS = 10_000

/** All that IANA has given out for use in the internet; ipaddr.js takes the rest for unicast too. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3')

/**
 * Which addresses callbacks may have: those of the internet, by https. `allowed`: names of hosts, addresses and ranges that may be
 * private as well; hosts and addresses among them also by http.
 */
export class PublicCallbackAddresses implements CallbackAddresses {
  readonly #hosts = new Set<string>()
  readonly #ranges: Range[] = []
  readonly #resolve: Resolve
  readonly #lookups = new Slots(LOOKUPS_AT_ONCE)

  constructor(allowed: readonly string[] = [], resolve: Resolve = (host) => lookup(host, { all: true })) {
    this.#resolve = resolve
    for (const each of allowed) {
      if (ipaddr.isValidCIDR(each)) this.#ranges.push(ipaddr.parseCIDR(each))
      else if (ipaddr.isValid(each)) this.#ranges.push(wholeOf(ipaddr.process(each)))
      else this.#hosts.add(each.toLowerCase())
    }
  }

  faultOf(url: string): string | undefined {
    if (!URL.canParse(url)) return 'It is not an address such as https://example.org/hook.'
    const { protocol, username, password, hostname } = new URL(url)
    if (protocol !== 'https:' && protocol !== 'http:') return `It begins with ${protocol} where https: is needed.`
    if (username || password)
      return 'It holds a user name or a password; what must be secret belongs into the signature.'
    const isAllowed = this.#isNamed(hostname)
    if (protocol === 'http:' && !isAllowed) return 'It begins with http: where https: is needed.'
    return isAllowed || !isPrivate(hostname) ? undefined : `${hostname} is not a public address.`
  }

  /** For a connection: gives the addresses of a host only where each may be connected to, so that what was checked is what is used. */
  readonly lookup: LookupFunction = (host, { all }, callback) => {
    this.#lookup(host).then(
      (found) => (all ? callback(null, [...found]) : callback(null, found[0]?.address ?? '', found[0]?.family)),
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    )
  }

  async #lookup(host: string) {
    const signal = AbortSignal.timeout(LONGEST_WAIT_MS)
    const found = await this.#lookups.use(() => this.#resolve(host), { signal, fairnessKey: host })
    if (found.length === 0) throw new Error(`${host} has no address`)
    const refused = found.find(({ address }) => !isPublic(ipaddr.process(address)) && !this.#isInRange(address))
    if (refused && !this.#hosts.has(host.toLowerCase()))
      throw new AddressRefused('Its host name stands for an address that is not public.')
    return found
  }

  #isNamed(hostname: string): boolean {
    return this.#hosts.has(hostname) || this.#isInRange(hostname)
  }

  #isInRange(hostname: string): boolean {
    const address = literal(hostname)
    return (
      address !== undefined && this.#ranges.some((range) => range[0].kind() === address.kind() && address.match(range))
    )
  }
}

const wholeOf = (address: Address): Range => [address, address.kind() === 'ipv4' ? 32 : 128]

/** Of a host that is an address; an IPv4 address in the clothes of IPv6 is one of IPv4. `URL` has made decimals of all ways to write it. */
function literal(hostname: string): Address | undefined {
  const address = hostname.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(address) ? ipaddr.process(address) : undefined
}

function isPrivate(hostname: string): boolean {
  const address = literal(hostname)
  return address ? !isPublic(address) : /(^|\.)localhost\.?$/.test(hostname)
}

/** Any of the special ranges, from loopback to what translates into IPv4, is none. */
const isPublic = (address: Address) =>
  address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(GLOBAL_IPV6))
