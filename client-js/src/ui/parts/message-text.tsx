/**
 * How the text of a message is taken apart and drawn: code, links and plain text. Every piece is an element or text of
 * its own, never markup.
 */
export type Piece =
  | { readonly kind: 'text'; readonly value: string }
  /** `value` as it was written, `address` where it leads. */
  | { readonly kind: 'link'; readonly value: string; readonly address: string }

const address = /(?:\bhttps?:\/\/|(?<![\w.@/:-])www\.[^\s<>"'`./:]+\.)[^\s<>"'`]+/giu
const trailing = /[.,;:!?…]+$/u

/** Only whole http and https addresses become links, and what begins with `www.`; everything else stays text. */
export const pieces = (text: string): Piece[] => {
  const found: Piece[] = []
  let from = 0
  for (const match of text.matchAll(address)) {
    const value = withoutTail(match[0])
    const leads = /^www\./iu.test(value) ? `https://${value}` : value
    if (!URL.canParse(leads)) continue
    if (match.index > from) found.push({ kind: 'text', value: text.slice(from, match.index) })
    found.push({ kind: 'link', value, address: leads })
    from = match.index + value.length
  }
  if (from < text.length) found.push({ kind: 'text', value: text.slice(from) })
  return found
}

/** A full stop or a closing bracket behind an address belongs to the sentence, unless the address opened it. */
const withoutTail = (address: string): string => {
  const trimmed = address.replace(trailing, '')
  const opened = trimmed.split('(').length
  const closed = trimmed.split(')').length
  return trimmed.endsWith(')') && closed > opened ? withoutTail(trimmed.slice(0, -1)) : trimmed
}

export type Block =
  | { readonly kind: 'text'; readonly pieces: readonly InlinePiece[] }
  | { readonly kind: 'code'; readonly value: string }
export type InlinePiece = Piece | { readonly kind: 'code'; readonly value: string }

/** A fence is a line of three backticks, perhaps with the name of a language; one that is not closed is text. */
const fenced = /^```[\w+#.-]{0,30}[ \t]*\n([\s\S]*?)\n?^```[ \t]*(?:\n|$)/gm
const inline = /`([^`\n]+)`/g

export const markupBlocks = (text: string): Block[] => {
  const found: Block[] = []
  let from = 0
  const plain = (to: number): void => {
    const value = text.slice(from, to)
    if (value.trim() !== '') found.push({ kind: 'text', pieces: withCode(value) })
  }
  for (const match of text.matchAll(fenced)) {
    plain(match.index)
    found.push({ kind: 'code', value: match[1] ?? '' })
    from = match.index + match[0].length
  }
  plain(text.length)
  return found
}

const withCode = (text: string): InlinePiece[] => {
  const found: InlinePiece[] = []
  let from = 0
  for (const match of text.matchAll(inline)) {
    found.push(...pieces(text.slice(from, match.index)))
    found.push({ kind: 'code', value: match[1] ?? '' })
    from = match.index + match[0].length
  }
  found.push(...pieces(text.slice(from)))
  return found
}

const drawings = /^(?:\s|\p{Extended_Pictographic}|\p{Emoji_Component})+$/u
const drawing = /\p{Extended_Pictographic}|\p{Regional_Indicator}/u

/** A few drawings and nothing else, which are shown large. Digits alone are emoji components too, and no drawings. */
export const isEmojiOnly = (text: string): boolean =>
  text.length <= 24 && drawings.test(text) && drawing.test(text)

export const MessageText = ({ value }: { value: string }) => (
  <div class={isEmojiOnly(value) ? 'words words-drawing' : 'words'}>
    {markupBlocks(value).map((block, index) =>
      block.kind === 'code' ? (
        // Code runs from left to right in every language.
        <pre key={index} dir="ltr">
          <code>{block.value}</code>
        </pre>
      ) : (
        <p key={index} dir="auto">
          {block.pieces.map((piece, at) => (
            <InlineText key={at} piece={piece} />
          ))}
        </p>
      ),
    )}
  </div>
)

const InlineText = ({ piece }: { piece: InlinePiece }) => {
  switch (piece.kind) {
    case 'text':
      return piece.value
    case 'code':
      return <code dir="ltr">{piece.value}</code>
    case 'link':
      return (
        // An address keeps its order in a sentence from the right, and its last letters may be from there.
        <a dir="ltr" href={piece.address} target="_blank" rel="noopener noreferrer nofollow">
          {piece.value}
        </a>
      )
  }
}
