/** Owns what peers say about a stream of a call beside its id: what it shows, and how it is meant to be sent. */
import type { StreamId } from './ids.ts'

/** `camera`: somebody's microphone and camera, whichever of them is on. The original knows it as the primary stream. */
export type StreamKind = 'camera' | 'screen'
/** What is worth more in a shared screen: sharp letters, or every frame. */
export type ScreenHint = 'text' | 'motion'

export type StreamAbout = {
  readonly id: StreamId
  readonly kind: StreamKind
  /** For screens. */
  readonly hint: ScreenHint
  /** Does sound come with it? Null where nobody said so: an original page does not. */
  readonly sound: boolean | null
}

/** How large somebody shows a stream, so that no more is sent than is seen. */
export type StreamSize = 'hidden' | 'small' | 'medium' | 'large'
