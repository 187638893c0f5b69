/*
 * Loaded into a program before all else (`node --import`), it moves the time of day that the program is told, by as many
 * milliseconds as CLOCK_SHIFT_MS says. Timers and what tells how long something took stay as they are: a machine whose
 * clock is wrong runs no faster.
 */
const shiftMs = Number(process.env['CLOCK_SHIFT_MS'] ?? 0)
const rightNow = Date.now.bind(Date)

Date.now = () => rightNow() + shiftMs

globalThis.Date = new Proxy(Date, {
  apply: () => new Date().toString(),
  construct: (target, words, made) =>
    Reflect.construct(target, words.length === 0 ? [Date.now()] : words, made) as Date,
})

export {}
