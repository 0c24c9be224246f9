"""``steadygan completion``: a script by which bash, zsh or fish complete command lines.

The scripts ask ``steadygan completion __complete SHELL ...`` at each press of the key. The answer's first line says
whether paths may stand there too ('none', 'files' or 'folders'); each further line is a word.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from steadygan.cli.parser import Parser

ASKED = "__complete"
"""first of the words that the scripts ask by"""
LONGEST = 70
"""characters of a description"""

BASH = r"""# eval "$(steadygan completion bash)" in ~/.bashrc
_steadygan() {
    local paths="" line word
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ -z $paths ]]; then
            paths=$line
            continue
        fi
        case $line in *[=:,]) type compopt &>/dev/null && compopt -o nospace ;; esac
        case $2 in
            \"*) case $line in *[\"\\\`\$!]*) continue ;; esac; word=$line ;;
            \'*) case $line in *\'*) continue ;; esac; word=$line ;;
            *) printf -v word %q "$line" ;;
        esac
        COMPREPLY+=("$word")
    done < <("${COMP_WORDS[0]}" completion __complete bash "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    case $paths in
        files) line=-f ;;
        folders) line=-d ;;
        *) return ;;
    esac
    while IFS= read -r word; do
        type compopt &>/dev/null && compopt -o filenames
        COMPREPLY+=("$word")
    done < <(compgen "$line" -- "$2")
}
complete -F _steadygan steadygan
"""
ZSH = r"""#compdef steadygan
# eval "$(steadygan completion zsh)" in ~/.zshrc, after compinit
_steadygan() {
    local -a lines ends opens
    local line word
    lines=("${(@f)$(${words[1]} completion __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    for line in "${(@)lines[2,-1]}"; do
        word=${line%%$'\t'*}
        line=${line#*$'\t'}
        line="${word//:/\\:}${line:+:$line}"
        if [[ $word == *[=:,] ]]; then opens+=("$line"); else ends+=("$line"); fi
    done
    (( $#ends )) && _describe 'steadygan' ends
    (( $#opens )) && _describe 'steadygan' opens -S ''
    case $lines[1] in
        files) _files ;;
        folders) _files -/ ;;
    esac
}
if [[ $funcstack[1] == _steadygan ]]; then
    _steadygan "$@"
else
    compdef _steadygan steadygan
fi
"""
FISH = r"""# steadygan completion fish > ~/.config/fish/completions/steadygan.fish
function __steadygan_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($typed[1] completion __complete fish $typed[2..-1] "$current" 2>/dev/null)
    test (count $lines) -gt 1; and printf '%s\n' $lines[2..-1]
    switch "$lines[1]"
        case files
            __fish_complete_path "$current"
        case folders
            __fish_complete_directories "$current"
    end
end
complete -c steadygan -f -a '(__steadygan_complete)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def run(arguments: Sequence[str]) -> int:
    """Prints the script of a shell."""
    if arguments[:1] == [ASKED]:
        return _answer(arguments[1:])
    parser = Parser("completion", "Prints a script that completes command lines; its first line says where it goes.")
    parser.add_argument("shell", metavar="SHELL", choices=tuple(SCRIPTS), help="bash, zsh or fish")
    values = parser.parse(arguments)
    sys.stdout.write(SCRIPTS[values.shell])
    return 0


def _answer(asked: Sequence[str]) -> int:
    """Prints what the word can become; nothing where that fails: a traceback would stand in the line being typed."""
    from steadygan.cli import COMMANDS
    from steadygan.cli.completing import complete

    shell, *words = asked or [""]
    try:
        breaks = ""
        if shell == "bash":
            breaks, line = words
            words = split_line(line)[1:]
        found = complete(words, COMMANDS)
    except Exception:
        return 0
    cut = max(words[-1].rfind(mark) for mark in "=:") + 1 if words and shell == "bash" else 0
    cut = cut if cut and words[-1][cut - 1] in breaks else 0
    print(found.paths)
    for word, what in found.words:
        print(word[cut:] if shell == "bash" else f"{word}\t{_brief(what)}")
    return 0


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def split_line(line: str) -> list[str]:
    """The words of a line as a shell takes them; the last one is being typed, and may have an open quote.

    >>> split_line("steadygan sample 'my r")
    ['steadygan', 'sample', 'my r']
    """
    words, word, quote, begun = list[str](), "", "", False
    characters = iter(line)
    for character in characters:
        if character == quote:
            quote = ""
        elif quote != "'" and character == "\\":
            word += next(characters, "")
            begun = True
        elif quote:
            word += character
        elif character in "'\"":
            quote, begun = character, True
        elif character.isspace():
            words += [word] if begun else []
            word, begun = "", False
        else:
            word, begun = word + character, True
    return [*words, word]


__all__ = ["SCRIPTS", "run", "split_line"]
