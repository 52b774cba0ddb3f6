/** What the preview asks of this browser, where one browser can do less than another. */
import { within } from '../link/browser-api.ts'
import type { Permission, PreviewPorts } from './preview.ts'

const names = { microphone: 'microphone', camera: 'camera' } as const

const answerMs = 1_000
const states: readonly Permission[] = ['granted', 'denied', 'prompt']

export const browserMedia: Pick<PreviewPorts, 'media' | 'permission'> = {
  // Not there at all on a page without https.
  media: navigator.mediaDevices ?? null,
  permission: async input => {
    try {
      const asked = navigator.permissions.query({ name: names[input] as PermissionName })
      const state = (await within(answerMs, asked, null))?.state
      return states.find(known => known === state) ?? 'unknown'
    } catch {
      // Older Firefoxes and Safaris know no such name.
      return 'unknown'
    }
  },
}

/** What asks which screen to share; null in browsers that cannot. */
export const displayPicker = (): ((wanted: DisplayMediaStreamOptions) => Promise<MediaStream>) | null => {
  const devices: Partial<MediaDevices> | undefined = navigator.mediaDevices
  return devices?.getDisplayMedia?.bind(devices) ?? null
}
