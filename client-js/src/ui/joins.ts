/** Owns what somebody would take along into a call, as the mirror shows it now. Pure. */
import type { PreviewState } from '../call/preview.ts'

export const joinMode = ({
  microphone,
  camera,
}: PreviewState): 'neither' | 'microphone' | 'camera' | 'both' => {
  if (microphone.track) return camera.track ? 'both' : 'microphone'
  return camera.track ? 'camera' : 'neither'
}
