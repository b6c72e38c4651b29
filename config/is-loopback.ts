import { isIP } from 'node:net'

/** `localhost`, and the addresses of this machine alone; a name such as `127.example.org` is somebody else's. */
export const isLoopback = (host: string) =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
