/** The modules that vite.emoji.ts makes. */

declare module 'virtual:emoji/list' {
  const list: {
    /** Each with a space between its emoji. */
    readonly groups: readonly string[]
    readonly toned: string
  }
  export default list
}

declare module 'virtual:emoji/*' {
  const words: string
  export default words
}
