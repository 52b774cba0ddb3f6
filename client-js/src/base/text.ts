/**
 * Text that others wrote, made fit for where it goes: cut to a length, and made a name that every file system takes.
 * Pure.
 */

/** Cut between characters, so that no half of a surrogate pair is left at the end. */
export const cut = (text: string, unitsMax: number): string => {
  if (text.length <= unitsMax) return text
  const last = text.charCodeAt(unitsMax - 1)
  const splitsPair = last >= 0xd800 && last <= 0xdbff
  return text.slice(0, splitsPair ? unitsMax - 1 : unitsMax)
}

/** Where a text may be parted, the best first: between paragraphs, lines, sentences, words. */
const seams = ['\n\n', '\n', '. ', ' ']

/** The whole text in parts that fit, parted where a reader would rest. Only white space at the seams is left out. */
export const splitText = (text: string, unitsMax: number): string[] => {
  const parts: string[] = []
  let rest = text.trim()
  while (rest.length > unitsMax) {
    const most = cut(rest, unitsMax)
    const ends = seams.map(seam => most.lastIndexOf(seam) + seam.trimEnd().length)
    const end = ends.find(at => at > unitsMax / 2) ?? most.length
    parts.push(rest.slice(0, end).trimEnd())
    rest = rest.slice(end).trimStart()
  }
  return rest === '' ? parts : [...parts, rest]
}

/** Of a chat message on its way. */
export const chatUnitsMax = 2_000
/** So many messages a long text may become; each is charged to the link that it comes over. */
export const partsMax = 20

/** Of what a person goes by. */
export const nameUnitsMax = 60
/** Of a room's name, which the server cuts there. */
export const roomNameUnitsMax = 20
/** Of why an owner removes somebody, or ends the room. */
export const reasonUnitsMax = 200

/** Of a file name that is sent or received. */
export const fileNameUnitsMax = 100

/** A name that is too long loses what stands before its ending, which says what the file is. */
export const cutFileName = (name: string, unitsMax: number): string => {
  if (name.length <= unitsMax) return name
  const ending = /\.[^./]{1,10}$/u.exec(name)?.[0] ?? ''
  return cut(name, unitsMax - ending.length) + ending
}

/**
 * Inside a character class: control characters, and what turns or hides the text around it without being seen. The
 * joiners U+200C and U+200D are none of these: Persian words, Indic ones and families of emoji are spelt with them.
 */
export const invisible =
  '\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2064\\u2066-\\u2069\\ufeff'

/** Joiners that join nothing, and so only make one name look like another. */
export const strayJoiners =
  /(?<=^|\s|\u200c|\u200d|\p{Script=Latin}|\p{Script=Greek}|\p{Script=Cyrillic}|\p{Nd})(?:\u200c|\u200d)+|(?:\u200c|\u200d)+(?=\s|$)/gu

const unsafe = new RegExp(`[${invisible}<>:"|?*\\\\/]`, 'gu')
/** Windows keeps these for devices, whatever ending follows: https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const reserved = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³])\s*(\..*)?$/iu

/**
 * Linux takes 255 bytes of UTF-8, other systems 255 units. The rest is for what a browser adds: a number where the name
 * is taken, and an ending while the file is not complete.
 */
const nameBytesMax = 235

/** A name that every file system takes and that cannot lead elsewhere. */
export const safeFileName = (name: string, unitsMax: number): string => {
  const plain = trimmed(name.replace(unsafe, '_'))
  const free = reserved.test(plain) ? `_${plain}` : plain
  let short = cutFileName(free, unitsMax)
  while (bytesOf(short) > nameBytesMax) short = cutFileName(free, short.length - 1)
  // The cut may have left a space at the end.
  return trimmed(short) || 'file'
}

const trimmed = (name: string): string => name.replace(/^[.\s]+|[.\s]+$/gu, '')

const bytesOf = (text: string): number => new TextEncoder().encode(text).byteLength
