/**
 * For how long this thread has worked, in milliseconds, whoever it was for. Not what it waited for a disk, which smaller parts
 * would only make more of.
 */
export const threadBusyMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
