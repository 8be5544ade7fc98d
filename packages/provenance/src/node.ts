export {
  type LoadedSigner,
  type LoadSignerOptions,
  loadSigner,
  type WriteKeyPairOptions,
  writeKeyPair,
} from "./node/key-files.js";
export { type GenerateKeyPairOptions, generateKeyPair, type KeyPairPem } from "./node/key-pair.js";
export { assertOutsideFolder } from "./node/outside-folder.js";
