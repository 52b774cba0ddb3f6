/** Owns what becomes of names that others chose, before a file system sees them. Pure. */
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
