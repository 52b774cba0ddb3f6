/** How many pictures of a stream were drawn. Browsers count those of files alike, those of streams only in part. */

const drawn = new WeakMap<HTMLVideoElement, number>()

export const countFrames = (video: HTMLVideoElement): HTMLVideoElement => {
  const count = (): void => {
    drawn.set(video, framesOf(video) + 1)
    video.requestVideoFrameCallback(count)
  }
  video.requestVideoFrameCallback(count)
  return video
}

export const framesOf = (video: HTMLVideoElement): number => drawn.get(video) ?? 0
