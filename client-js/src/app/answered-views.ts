/**
 * The views that follow an answer of the server: the room, why somebody was refused it, and how they left it. Loaded with
 * the session.
 */
import type { RoomSession } from '../core/room-session.ts'
import type { RoomState } from '../room/state.ts'
import type { Model, View, Where } from '../ui/model.ts'
import { endsWithUs } from '../ui/selectors.ts'
import type { Invitation } from '../wire/invitation.ts'
import type { Refusal } from '../wire/refusal.ts'
import type { RoomCard } from '../wire/server.ts'
import { invitedView } from './invitations.ts'

/** `created`: the room was to be made, which meets another of that name. `given`: the password that we came with. */
export const showRefusal = (
  { trouble, view }: Model,
  where: Where,
  refusal: Refusal,
  { created, given }: { created: boolean; given: string },
): void => {
  const shut = refusal === 'wrong-password'
  const bare = shut && !created && given === ''
  const what = shut && created ? 'name-taken' : refusal
  trouble.value = { where, what: bare ? 'no-password' : what }
  const asked = view.value
  if (asked.kind === 'invited' && asked.password === 'known' && shut)
    view.value = { ...asked, password: bare ? 'missing' : 'wrong' }
}

/**
 * Of a room in the list of those known here: what to do about it stands where the room's link would have led. Whoever has
 * no name yet is asked for it where they are.
 */
export const showRefusalOf = (
  invitation: Invitation,
  { trouble, view }: Pick<Model, 'trouble' | 'view'>,
): void => {
  const refused = trouble.value
  if (!refused || refused.what === 'no-name') return
  const password =
    refused.what === 'no-password' ? 'missing' : refused.what === 'wrong-password' ? 'wrong' : 'known'
  view.value = invitedView(invitation, password)
  trouble.value = { where: 'invited', what: refused.what }
}

/** Whether an invitation to it is still the same. */
const isSameCard = (one: RoomCard, other: RoomCard): boolean =>
  one.name === other.name && one.password === other.password && one.peersMax === other.peersMax

const owns = ({ owner }: RoomState): boolean => owner?.ours ?? false

type Shown = {
  readonly created: boolean
  /** It is the session that the page is in. */
  readonly isShown: () => boolean
  /** Gives the room's invitation, at first and whenever it has changed. */
  readonly invite: (state: RoomState) => string
  readonly leave: () => void
}

/** What shows the room as it is by then. */
export const roomShown = (
  session: RoomSession,
  { view }: Model,
  { created, isShown, invite, leave }: Shown,
): (() => void) => {
  let shown = session.state
  let invitation = invite(shown)
  return () => {
    if (!isShown()) return
    const { state } = session
    if (!isSameCard(shown.card, state.card) || owns(shown) !== owns(state)) invitation = invite(state)
    shown = state
    view.value = { kind: 'room', state, invitation, created }
    if (state.closed) leave()
  }
}

/** After leaving a room. */
export const leftView = (state: RoomState): View => {
  const { card, closed } = state
  const ended = state.ended || endsWithUs(state)
  // Whoever has a room's key opens it again, but not against its owner's will.
  const canReturn = (closed === null || closed.how === 'sent-away') && (!ended || (card.key ?? null) !== null)
  return { kind: 'left', roomName: card.name, ended, closed, canReturn }
}
