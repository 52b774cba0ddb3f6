/**
 * The one way into what only original pages need. An original page knows no file channels: files come from it and go to
 * it as JSON in the room's own channel, and large ones go over side connections. When nobody uses those pages any more,
 * this folder can go.
 */
import type { FilesState, FilesStep } from '../files/state.ts'
import { receiveDownloadSignal } from './download.ts'
import { receiveSideMessage, sideClosed, sideDrained, sideOpened, sideSignalled } from './side-upload.ts'
import type { LegacyEvent } from './state.ts'
import { legacyDrained, receiveUploadSignal } from './upload.ts'

export {
  continueLegacyDownload,
  goodbye,
  legacyRouteChanged,
  legacyTick,
  pauseLegacyDownload,
  requestLegacy,
} from './download.ts'
export { SideConnectionRuntime } from './side-runtime.ts'
export type {
  LegacyDownload,
  LegacyEffect,
  LegacyEvent,
  LegacyTimer,
  LegacyUpload,
} from './state.ts'
export { cancelLegacyUpload, dropUnroutedUploads, legacyRead } from './upload.ts'

export const stepLegacy = (state: FilesState, event: LegacyEvent, at: number): FilesStep => {
  switch (event.type) {
    case 'signal':
      return (
        receiveDownloadSignal(state, event.from, event.signal, at) ??
        receiveUploadSignal(state, event.from, event.signal, at)
      )
    case 'queue-drained':
      return legacyDrained(state, event.key)
    case 'side-opened':
      return sideOpened(state, event.key, event.peer)
    case 'side-closed':
      return sideClosed(state, event.key)
    case 'side-drained':
      return sideDrained(state, event.key, event.peer)
    case 'side-signalled':
      return sideSignalled(state, event.key, event.peer, event.signal)
    case 'side-message':
      return receiveSideMessage(state, event.key, event.message)
  }
}
