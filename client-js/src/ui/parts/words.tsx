/** Owns how what somebody wrote is drawn: every piece an element or text of its own, never markup. */
import { blocks, isDrawing, type WordPiece } from '../words.ts'

export const Words = ({ value }: { value: string }) => (
  <div class={isDrawing(value) ? 'words words-drawing' : 'words'}>
    {blocks(value).map((block, index) =>
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

const Piece = ({ piece }: { piece: WordPiece }) => {
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
