/** Owns the English words of the conversation. */
import { plurals } from '../plural.ts'

const plural = plurals('en')

export const chat = {
  log: 'Conversation',
  /** Read out with the name of the log. */
  logHint: 'Arrow keys go from message to message.',
  message: 'Message',
  placeholder: 'Write a message',
  hint: 'Enter sends, Shift + Enter makes a new line.',
  alone: 'Nobody else is here yet. Messages are not kept for later.',
  aloneHandingOver: 'Nobody else is here yet.',
  send: 'Send',
  left: (units: number) => plural(units, { one: '# character left', other: '# characters left' }),
  you: 'You',
  empty: 'Say hello.',
  reply: 'Reply',
  react: 'React',
  replyingTo: (name: string) => `Replying to ${name}`,
  replyingToSelf: 'Replying to yourself',
  cancelReply: 'Do not reply',
  quoted: (name: string) => `In reply to ${name}:`,
  earlier: 'In reply to an earlier message',
  emoji: 'Emoji',
  reaction: (sign: string, names: string) => `${sign} from ${names}`,
  unheard: 'Nobody has heard this yet',
  told: (name: string) => `Before you came, as ${name} tells it`,
  sinceYouCame: 'Since you came',
  fresh: 'New',
  toLast: 'To the end of the conversation',
  toEnd: (count: number) => plural(count, { one: '# new message', other: '# new messages' }),
  typing: (names: readonly string[]) => {
    const [first, second] = names
    if (names.length > 2) return 'Several people are writing…'
    return second === undefined ? `${first} is writing…` : `${first} and ${second} are writing…`
  },
}
