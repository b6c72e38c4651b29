export const toPgm = ({ width, height, pixels }: { width: number; height: number; pixels: Uint8Array }) =>
  Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), pixels])
