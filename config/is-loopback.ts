/** `localhost`, and the addresses of this machine alone. */
export const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127\./.test(host)
