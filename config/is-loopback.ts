import { isIP } from 'node:net'

/** `localhost`, and the addresses of this machine alone, also as URLs have them; a name such as `127.example.org` is somebody else's. */
export const isLoopback = (host: string) =>
  ['localhost', '::1', '[::1]'].includes(host) || (isIP(host) === 4 && host.startsWith('127.'))
