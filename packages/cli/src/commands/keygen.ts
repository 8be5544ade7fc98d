import { generateKeys, generateLeafKey, UsageError } from "@assay/assay/commands";
import { Option } from "commander";
import { parsers } from "../options.js";
import { askPassphrase, passphraseFrom } from "../passphrase.js";
import type { AddCommand } from "../program.js";
import { paint, safe } from "../terminal.js";

export const addKeygen: AddCommand = (program, act) => {
  const command = program
    .command("keygen")
    .summary("make a key pair for signing, or a leaf key")
    .description(
      `Writes NAME.pem (private, mode 0600) and NAME.pub.pem (public: give it to whoever verifies). With --leaf: a leaf key,
which salts leaves so that published roots cannot be used to guess records. Existing files are never replaced.

Examples:
  assay keygen -o release
  assay keygen -o release --type ed25519 --encrypt
  assay keygen --leaf -o records.leafkey`,
    )
    .requiredOption("-o, --output <name>", "name of the files, without ending (--leaf: the file itself)")
    .addOption(
      new Option("--type <type>", "kind of key (default: p256, which every verifier reads)").choices([
        "p256",
        "p384",
        "p521",
        "ed25519",
      ]),
    )
    .option("--encrypt", "encrypt the private key with a passphrase")
    .option("--passphrase-fd <n>", "read the passphrase from this file descriptor", parsers.ordinal)
    .option("--leaf", "make a leaf key instead");
  act(command, async (context, _args, values) => {
    const output = values.output as string;
    if (values.leaf === true) {
      if (values.type !== undefined || values.encrypt === true)
        throw new UsageError("--leaf makes a leaf key: --type and --encrypt do not apply to it");
      const { path, keyId } = await generateLeafKey(output);
      context.result({ leafKey: path, keyId }, [
        `${safe(path)}  leaf key ${keyId} (keep it secret and keep it: without it records cannot be shown)`,
      ]);
      return 0;
    }
    let passphrase: string | undefined;
    if (values.passphraseFd !== undefined) passphrase = passphraseFrom(values.passphraseFd as number);
    else if (values.encrypt === true) {
      passphrase = await askPassphrase("Passphrase: ");
      if ((await askPassphrase("Again: ")) !== passphrase) throw new UsageError("The two passphrases differ");
    }
    if (passphrase === "") throw new UsageError("The passphrase is empty");
    const result = await generateKeys(output, {
      type: (values.type as "p256" | undefined) ?? "p256",
      ...(passphrase !== undefined && { passphrase }),
    });
    context.result(result, [
      `${safe(result.privateKey)}  private key${passphrase === undefined ? "" : ", encrypted"} (mode 0600; keep it)`,
      `${safe(result.publicKey)}  public key (give it away)`,
      `${paint.dim("key id")}  ${result.keyId}`,
    ]);
    return 0;
  });
};
