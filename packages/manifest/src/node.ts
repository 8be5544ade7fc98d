export { existingFolderAround, type LeafFile, openLeafSpace } from "./node/leaf-space.js";
export { type FolderLock, type LockOptions, lockFolder, makeFolders } from "./node/lock.js";
export { type OpenFolderOptions, openFolderReader } from "./node/read-folder.js";
export { recoverFolder, type WriteFolderOptions, writeFolder } from "./node/write-folder.js";
