/** Owns when a screen can be shared, and what the one button for it does. */
import type { CallCommands, CallState } from '../call/state.ts'

/** Phones do not let pages see their screens. */
export const canShare = (): boolean => 'getDisplayMedia' in (navigator.mediaDevices ?? {})

/** Begins with sharp letters, which is what screens are mostly shared for. */
export const share = (call: CallCommands): void => void call.shareScreen({ sound: true, hint: 'text' })

/** Stops all of them: whoever presses it in a hurry wants nothing to be seen any more. */
export const toggleScreen = ({ own }: CallState, call: CallCommands): void => {
  if (own.screens.length === 0) {
    if (canShare()) share(call)
    return
  }
  for (const { id } of own.screens) call.stopScreen(id)
}
