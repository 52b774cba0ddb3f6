/** What the conversation asks of a session, and how somebody is alerted who does not look. */
import type { RoomSession } from '../core/room-session.ts'
import type { Commands, Model } from '../ui/model.ts'

/** How somebody who does not look at the page is alerted. */
export type Alerts = {
  readonly hidden: () => boolean
  readonly notify: (title: string, body: string) => void
  readonly chime: () => void
  /** Asks the browser, and says whether it lets us. */
  readonly mayNotify: () => Promise<boolean>
}

type TalkCommands = Pick<Commands, 'say' | 'sendAgain' | 'react' | 'typing' | 'mayNotify' | 'chime'>

export const chatCommands = (
  model: Model,
  alerts: () => Promise<Alerts>,
  session: () => RoomSession | null,
): TalkCommands => ({
  say: (words, replyTo) => {
    const said = session()?.say(words, replyTo) ?? false
    // Whoever replyTo has read.
    if (said) model.reading.value = { ...model.reading.value, line: null }
    return said
  },
  sendAgain: message => session()?.sendAgain(message),
  react: (to, emoji, on) => session()?.react(to, emoji, on),
  typing: on => {
    if (model.settings.value.typing) session()?.typing(on)
  },
  mayNotify: async () => (await alerts()).mayNotify(),
  chime: () => void alerts().then(it => it.chime()),
})
