import { run } from "./command.ts";

process.exit(await run(process.argv.slice(2), process.env));
