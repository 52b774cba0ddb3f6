/**
 * Which bytes of an encoded frame stay in the clear: as many as those need who pass packets on, to find key frames, and the
 * browser itself, to cut a frame into packets. Both ends find the same number, since it follows from those bytes alone.
 */

export type MediaKind = 'audio' | 'video'

/** Opus: what says how a packet is coded (RFC 6716 section 3.1). */
const opusBytes = 1
/** VP8: the frame tag, and in a key frame the start code and the size as well (RFC 6386 section 9.1). */
const vp8KeyFrameBytes = 10
const vp8DeltaFrameBytes = 3
/** H.264: of a slice its header byte and one more. */
const sliceBytes = 2
const vp8StartCode = 0x9d

/** Null for what is no whole frame. */
export const clearBytesOf = (kind: MediaKind, data: Uint8Array): number | null => {
  if (kind === 'video' && isH264(data)) return h264Bytes(data)
  const isKeyFrame = ((data[0] ?? 1) & 1) === 0
  const pictureBytes = isKeyFrame ? vp8KeyFrameBytes : vp8DeltaFrameBytes
  const bytes = kind === 'audio' ? opusBytes : pictureBytes
  return data.length < bytes ? null : bytes
}

/** Begins with a start code (ITU-T H.264 annex B). A key frame of VP8 can begin alike, and has its own one behind it. */
export const isH264 = (data: Uint8Array): boolean => {
  if (data[0] !== 0 || data[1] !== 0) return false
  return (data[2] === 0 && data[3] === 1) || (data[2] === 1 && data[3] !== vp8StartCode)
}

/** Up to the first slice: parameter sets stand before it, which the far end's browser reads before it opens anything. */
const h264Bytes = (data: Uint8Array): number | null => {
  for (let at = 0; at + 3 < data.length; at++) {
    if (data[at] !== 0 || data[at + 1] !== 0 || data[at + 2] !== 1) continue
    const type = (data[at + 3] ?? 0) & 0x1f
    const end = at + 3 + sliceBytes
    if (type >= 1 && type <= 5) return data.length < end ? null : end
  }
  return null
}

/** How many zeros stand at the end: what follows must make no start code with them. */
const zerosAtEnd = (data: Uint8Array): number => (data.at(-1) !== 0 ? 0 : data.at(-2) !== 0 ? 1 : 2)

/** Without start codes in it, behind what stands before: ITU-T H.264 section 7.4.1.1, emulation prevention. */
export const escaped = (data: Uint8Array, before: Uint8Array): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(data.length + Math.ceil(data.length / 2) + 1)
  let [length, zeros] = [0, zerosAtEnd(before)]
  for (const byte of data) {
    if (zeros === 2 && byte <= 3) {
      out[length++] = 3
      zeros = 0
    }
    out[length++] = byte
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return out.slice(0, length)
}

export const unescaped = (data: Uint8Array, before: Uint8Array): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(data.length)
  let [length, zeros] = [0, zerosAtEnd(before)]
  for (const byte of data) {
    if (zeros === 2 && byte === 3) {
      zeros = 0
      continue
    }
    out[length++] = byte
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return out.slice(0, length)
}
