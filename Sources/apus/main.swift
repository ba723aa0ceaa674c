internal import Synchronization
let m = Mutex(1)
print("apus \(m.withLock { $0 })")
