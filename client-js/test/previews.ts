/** A preview that nobody has asked for anything yet. */
import { noChoices, noDevices } from '../src/call/devices.ts'
import type { PreviewState } from '../src/call/preview.ts'

const off = { wanted: false, asking: false, track: null, trouble: null }

export const idlePreview: PreviewState = {
  microphone: off,
  camera: off,
  untouched: true,
  devices: noDevices,
  choices: noChoices,
}
