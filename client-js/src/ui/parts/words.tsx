/** Owns how what somebody wrote is drawn: every piece an element or text of its own, never markup. */
import { type InlinePiece, isEmojiOnly, markupBlocks } from '../words.ts'

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
            <Piece key={at} piece={piece} />
          ))}
        </p>
      ),
    )}
  </div>
)

const Piece = ({ piece }: { piece: InlinePiece }) => {
  switch (piece.kind) {
    case 'text':
      return piece.value
    case 'code':
      return <code dir="ltr">{piece.value}</code>
    case 'link':
      return (
        <a href={piece.address} target="_blank" rel="noopener noreferrer nofollow">
          {piece.value}
        </a>
      )
  }
}
