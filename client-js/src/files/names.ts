/** Owns what becomes of names and paths that others chose, before a file system sees them. Pure. */
import { cutName } from '../wire/file.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be taken out of names
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff<>:"|?*\\/]/gu
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/iu

/** A name that every file system takes and that cannot lead elsewhere. */
export const safeName = (name: string): string => {
  const plain = name.replace(unsafe, '_').replace(/^[.\s]+|[.\s]+$/gu, '')
  const short = cutName(plain)
  if (short === '') return 'file'
  return reserved.test(short) ? `_${short}` : short
}

/** Every step of a path made safe; one that leads upwards loses that step. */
export const safePath = (path: string): string[] => {
  const steps = path.split(/[\\/]+/u).filter(step => step !== '' && step !== '.' && step !== '..')
  return steps.length === 0 ? ['file'] : steps.slice(-stepsMax).map(safeName)
}

const stepsMax = 30
