import type { Ocr } from './ocr.ts'

/** Gives the recogniser of the thread, which is opened when it is needed for the first time. */
export type OpenOcr = () => Promise<Ocr>
