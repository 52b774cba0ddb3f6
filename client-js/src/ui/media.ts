/** Owns which files can be shown in the conversation, and as what. Their ending or their sender's word only chooses the element; what it cannot show, it says. Pure. */

export type MediaKind = 'image' | 'video' | 'audio'

/** Drawings in SVG are left out: they are documents more than pictures. */
const endings: Readonly<Record<string, MediaKind>> = {
  png: 'image',
  jpg: 'image',
  jpeg: 'image',
  gif: 'image',
  webp: 'image',
  avif: 'image',
  bmp: 'image',
  mp4: 'video',
  m4v: 'video',
  webm: 'video',
  mov: 'video',
  ogv: 'video',
  mp3: 'audio',
  m4a: 'audio',
  aac: 'audio',
  ogg: 'audio',
  oga: 'audio',
  opus: 'audio',
  wav: 'audio',
  flac: 'audio',
}

const types = /^(image|video|audio)\/(?!svg)[\w.+-]+$/i

/** Pictures are decoded whole; films and sounds are read while they play. */
const imageBytesMax = 33_554_432

export const mediaKind = (name: string, type: string, bytes: number): MediaKind | null => {
  const kind = kindOf(name, type)
  return kind === 'image' && bytes > imageBytesMax ? null : kind
}

const kindOf = (name: string, type: string): MediaKind | null => {
  const said = types.exec(type)?.[1]?.toLowerCase()
  if (said === 'image' || said === 'video' || said === 'audio') return said
  const ending = /\.([a-z0-9]{2,5})$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  return Object.hasOwn(endings, ending) ? (endings[ending] ?? null) : null
}
