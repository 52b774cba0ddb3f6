/**
 * What becomes of what somebody has pasted or typed where a room is asked for. Loaded when it is wanted, so it has from the
 * page what the page has loaded.
 */
import type { JoinForm, Model, Trouble } from '../ui/model.ts'
import type { Token } from '../wire/access.ts'
import type { Invitation } from '../wire/invitation.ts'
import { namedInPasted, parsePasted, tokenInPasted } from '../wire/pasted.ts'

/** A link's password comes into its field. The link stays, since it has more in it than the room's id. */
export const fillIn = ({ join }: Model, text: string): void => {
  const password = parsePasted(text)?.password ?? null
  if (password !== null && join.value.room === text) join.value = { ...join.value, password }
}

type Ports = {
  /** Keeps a token, and says which room it leads to. */
  readonly accept: (token: Token) => Invitation | null
  /** What reads links that name rooms; null where it could not be loaded. */
  readonly plans: () => Promise<Pick<typeof import('./plans.ts'), 'parseNamed'> | null>
}

/** The room to join, or why there is none. A token in the link is kept, and may be all that it has. */
export const pastedIn = async (
  { room: text, password }: JoinForm,
  { accept, plans }: Ports,
): Promise<Invitation | Trouble['what']> => {
  // What we know of a room counts where neither the link nor the field has a password.
  const typed = password === '' ? null : password
  const token = tokenInPasted(text)
  const forToken = token && accept(token)
  const link = token?.rest ?? text
  const behind = namedInPasted(link)
  if (behind !== null) {
    const reader = await plans()
    if (!reader) return 'not-loaded'
    const named = reader.parseNamed(behind)
    return named ? { ...named, password: named.password ?? typed } : 'not-a-room'
  }
  if (token && !forToken) return 'token-taken'
  const found = forToken ?? parsePasted(link)
  // The field shows what the link had, and may have been changed since.
  return found ? { ...found, password: found.password === null ? typed : password } : 'not-a-room'
}
