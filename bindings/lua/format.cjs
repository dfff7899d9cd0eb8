// Formats files as stylua.toml says, or with --check names those that are not formatted.
const fs = require('node:fs');
const { Config, IndentType, LuaVersion, OutputVerification, formatCode } = require('@johnnymorganz/stylua');

const settings = Object.fromEntries(
    fs.readFileSync(`${__dirname}/stylua.toml`, 'utf8').trim().split('\n').map((line) => line.split(' = ')),
);
// The formatter consumes it.
function newConfig() {
    const config = Config.new();
    config.syntax = LuaVersion[JSON.parse(settings.syntax)];
    config.column_width = Number(settings.column_width);
    config.indent_type = IndentType[JSON.parse(settings.indent_type)];
    config.indent_width = Number(settings.indent_width);
    return config;
}

const isCheck = process.argv[2] === '--check';
for (const file of process.argv.slice(isCheck ? 3 : 2)) {
    const text = fs.readFileSync(file, 'utf8');
    const formatted = formatCode(text, newConfig(), null, OutputVerification.Full);
    if (formatted === text) continue;
    if (!isCheck) fs.writeFileSync(file, formatted);
    else {
        console.error(`${file} is not formatted`);
        process.exitCode = 1;
    }
}
