"""The patterns that are judged: those that people and trainers write, every construct of `re`, and a seeded draw."""

from __future__ import annotations

import random
from collections.abc import Iterator

SEED = 20261125

# As Axolotl's and LLaMA-Factory's examples, ms-swift's and Unsloth's generated targets and questions on PEFT have them.
FIELD = r"""
.*\.(q|k|v|o)_proj
.*q_proj
.*_proj$
.*(q_proj|v_proj)$
^.*\.layers\.\d+\.self_attn\.[qv]_proj$
model\.layers\.\d+\.(self_attn|mlp)\.\w+_proj
model.layers.[\d]+.(mlp|cross_attn|self_attn).(up|down|gate|q|k|v|o)_proj
model.language_model.layers.[\d]+.(mlp|cross_attn|self_attn).(up|down|gate|q|k|v|o)_proj
(.*?)(language_model|model)\.layers\.([0-9]|1[0-9])\..*_proj
.*layers\.(1[6-9]|2\d|3[01])\..*proj
.*\.layers\.(?:[0-9]|[1-2][0-9]|3[0-1])\.(?:self_attn|mlp)\.(?:q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)
^(?!.*(visual|vision|audio)).*(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)$
^(?!.*visual).*\.(q_proj|v_proj)$
^(?!.*lm_head).*_proj
(?!.*(visual|lm_head)).*proj.*
^(?!.*(lm_head|embed|visual)).*$
^(language_model|model\.language_model)(?=\.).*(?<!lm_head)$
^(model\.language_model(?=\.).*\.(gate_proj|k_proj|v_proj|up_proj|o_proj|down_proj|q_proj))$
^(language_model(?=\.).*\.(gate_proj|k_proj|v_proj|up_proj|o_proj|down_proj|q_proj))$
^(model\.visual(?=\.)(?!.*(patch_embed|merger|deepstack)).*\.(qkv|proj|gate_proj|up_proj|down_proj))$
^(model(?=\.).*\.(gate_proj|down_proj|up_proj|q_proj|k_proj|v_proj|o_proj))$
^(?:.*?)(?:self_attn|attention|attn|mlp|feed_forward|ffn|dense)(?:.*?)(?:q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)$
(?:.*?(?:vision|image|visual|patch|language|text).*?(?:self_attn|attention|attn|mlp|feed_forward|ffn|dense).*?(?:k_proj|v_proj|q_proj|out_proj|fc1|fc2|o_proj|qkv|gate_proj|up_proj|down_proj).*?)|(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn|attention|attn|mlp|feed_forward|ffn|dense)\.(?:(?:k_proj|v_proj|q_proj|o_proj|gate_proj|up_proj|down_proj)))
(?:.*?(?:language|text).*?(?:self_attn|attention|attn|mlp|feed_forward|ffn|dense).*?(?:q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj).*?)|(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn|attention|attn|mlp|feed_forward|ffn|dense)\.(?:(?:q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)))
.*\.(?P<block>self_attn|mlp)\.(?P<projection>\w+)_proj
.*\.(?P<index>\d+)\..*(?P<leaf>[a-z_]+)
(?i).*\.Q_PROJ
(?i)MODEL\.LAYERS\.\d+\.SELF_ATTN\.(Q|V)_PROJ
(?i:.*\.(Q|v)_PROJ)
.*\.experts\.\d+\.w[123]
.*block_sparse_moe\.experts\.[0-7]\.w(1|3)
.*\.mlp\.(?!gate$).*
.*\.(?!gate\b)\w+$
.*(?<!router)$
.*(?<=self_attn)\.[qk]_proj
.*(?<!mlp)\.\w*_proj
.*c_attn
.*\.h\.\d+\.attn\.c_(attn|proj)
transformer\.h\.(?:[0-5])\.mlp\.c_fc
.*query_key_value
.*dense(_h_to_4h|_4h_to_h)?
.*\.attention\.self\.(query|value)
encoder\.layer\.\d+\.attention\.self\.(query|value)
(encoder|decoder)\.block\.\d+\.layer\.0\.SelfAttention\.[qv]
.*SelfAttention\.(q|k|v|o)
.*\.(encoder|decoder)\.layers\.\d+\.(self_attn|encoder_attn)\.(q|v)_proj
\Amodel\.layers\.\d+\.mlp\.up_proj\Z
.*\.up_proj\Z
^q_proj
q_proj
^model\.layers\.0\.self_attn\.q_proj$
model.layers.0.self_attn.q_proj
model\.layers\.(0|1|2|3)\.
model\.layers\.\d*[02468]\..*
model\.layers\.\d*[13579]\.(?:self_attn\.[qkvo]_proj|mlp\.(?:gate|up|down)_proj)
.*lora.*
.+
.*

all-linear
.*\.embed_tokens|.*\.lm_head|lm_head
(?:.*\.q_proj|^model\.embed_tokens$)
(.*\.)?(q_proj)$
(.*\.)?(layers\.0\.self_attn\.q_proj)$
(.*\.)?(.*\.0\..*)$
(^|.*\.)lm_head($|\..*)
(^|.*\.)embed_tokens($|\..*)
.*?\.[^.]*\.(?P<idx>\d+)\.
(?:^|.*?\.)layers\.(?P<idx>\d+)\.
.*\.(q_proj|k_proj
.*\.(q_proj|k_proj))
*.q_proj
*_proj
+_proj
[q,k,v]_proj
.*[q|k|v]_proj
.*\.[qkv_proj
q_proj|v_proj
.*.q_proj|.*.v_proj
model.layers.{0,31}.self_attn.q_proj
model.layers.*.self_attn.q_proj
""".removeprefix("\n").removesuffix("\n").split("\n")

# Every construct, right and wrong; the questions are in the margins of the grammar.
CONSTRUCTS = [
    # characters, escapes, octal and hexadecimal
    *(rf".*\{letter}.*" for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/ \\%é"),
    *(rf".*[\{letter}].*" for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/]\\^é"),
    r".*\x5f.*", r".*\x5", r".*\u005f.*", r".*\u005", r".*\U0000005f.*", r".*\U0011ffff", r".*\U5f", r".*\056.*", r".*\137.*",
    r".*\1377", r".*\400", r".*\777", r".*\08.*", r".*\18", r".*[\137].*", r".*[\400]", r".*[\18].*", r"[\x6d-\x6f].*", r".*[\u00e0-\u00ff].*",
    r".*\N{LOW LINE}.*", r".*\N{NO SUCH NAME}", r".*\N", "\\", r".*\.", ".*[\\",
    # sets
    "[]a-z.]*", "[^]]*", "[]]", "[", "[]", "[^]", "[a-", "[a-]*.*", "[-a-z_.0-9]*", "[a-z-9._]*", "[z-a]", r"[\d-z]", r"[a-\d]", r"[\w.]+", r"[^\W\d]+.*",
    r"[\s\S]+", r"[\D.]*", "[[a-z]+.*", "[a-z&&b]*", "[a--z]", "[a||b].*", "[.]", "[*+?]", "[$^].*", "[^^]*", r"[\]m].*", "[a-m-z].*", "[_-_]*.*", "[q-q]",
    "[à-ÿ].*", "[^a-z]*", "(?i)[A-M].*", "(?i)[^A-L].*", r"(?i)[\x41-\x5a._]*", "(?i)É.*", "(?i)modÈle.*", "(?ai)modÈle.*",
    # repeats
    "a{2}", ".{5,}", ".{,9}", ".{3,12}", ".{,}", ".{}", ".{x}", ".{3", "{", "{3}", ".*{", "x{2,1}", ".{4294967295}", ".{4294967294}", ".{99999999999}",
    ".{0,5000}", ".{2000,}", "(?:.{0,3}){0,40}", "(?:model|layers|.){1,400}", ".**", ".*+", ".*+j", ".++", ".?+.*", ".*?", ".*??", ".+?", ".??.*", ".*?*", ".{2}{3}",
    ".{2}?", ".{2,9}?j.*", ".{2,9}+.*", ".{2}+{3}", "a|*", "(*)", "(+a)", "(?:?)", "^*", "$+", r"\b*", r"\Z?", "(^)*.*", "(?:^)*.*", "(?:$)?.*", "(?=m)*.*", "(?!z)+.*",
    "(?<=x)*.*", "(?:)*.*", "()*.*", "(a*)*.*", "(?:a*)+.*", "(?:a?){3}.*", "(a|)*.*", "(|a)*.*", "(?:m?o?)*del.*", "(?:(?:m*)*)*.*", r"(\w*)*", r"((\w+)\.?)*", "(?:a{0}){5}.*",
    "(?#c)*", "m(?#c)*.*", "m(?#c)odel.*", "m(?#c", r"m(?#\)c).*", "(?#)(?i)MODEL.*", "(?:.*?){3}proj",
    # groups, names, references
    "(model).*", "(?:model).*", "(?P<a>model).*", "(?P<a>m)(?P<a>o)", "(?P<>m)", "(?P<1a>m)", "(?P<a b>m)", "(?P<a", "(?P<é>m).*", "(?Pa)", "(?P", "(?P=a)", "(?P<a>m)(?P=b)",
    r"(?P<a>\w)(?P=a).*", r".*(?P<a>[a-z])(?P=a).*", r".*(.)\1.*", r".*(\w)(\w)\2\1.*", r".*(\d)\1.*", r".*(\w+)\.\1.*", r"(.+)\.(.+)\.\1.*", r"\1(m)", r"(m\1)", r"(m)|\1", r"(?:(m)|o)\1.*",
    r"(m)?\1odel.*", r"(m)?o?\1.*", r"((m)|o)*\2.*", r"(?:(m)|(o)|d\1)*.*", r"(?i)(m)\1.*", r"(?i).*(L)A\w*(a).*", r"(?i).*(_p)roj.*\1*", r"(a*)\1.*", r"(m*?)\1odel.*", r"(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)\10.*",
    r"(.)\11", "(?P<a>m)(?P=a", "(?P<a>m)(?P=)", "(", ")", "(m", "m)", "((m)", "(?", "(?m", "(?:", "(?:m", "(?z)", "(?1)", "(?&a)", "(?|a|b)", "(?'a'm)", "(?<a>m)", "(?P>a)", "(?R)", "(?C)",
    # conditionals
    r"(m)?(?(1)odel|x).*", r"(x)?(?(1)y|model).*", r"(?P<a>m)?(?(a)odel|.).*", r"(x)?(?(1)y).*", "(?(1)a|b)", "(?(0)a|b)", r"(m)(?(1)a|b|c)", "(?(a)b|c)", "(?(", "(?()a)", "(?(1", "(m)(?(1)o", r"(m)(?(2)a|o).*",
    r"(?(1)x|m)(o)?.*", r"(m(?(1)x|o)del).*", "(?(-1)a)", "(?(1.)a)", r"(m)?(?(1)(o)|(x)).*", r"(?:(m)|(t))(?(1)odel|ransformer).*",
    # flags
    "(?i)M.*", "M(?i).*", "(?i)(?s)M.*", "(?i)|M.*", "m|(?i)M.*", "((?i)M).*", "(?i:M).*", "(?-i:m).*", "(?i)(?-i:M).*", "(?i)(?-i:m)ODEL.*", "(?i-s:M).*", "(?i-i:m)", "(?ii)M.*", "(?i", "(?i-", "(?i-)", "(?-)", "(?-:m)",
    "(?i-s)m", "(?-i)m", "(?L)m", "(?u)m.*", "(?a)m.*", "(?au)m", "(?a:m).*", "(?-a:m)", "(?u:m).*", "(?iz)m", "(?iz:m)", r"(?a)\w+", r"(?a).*\b", r"\w+", r"[\w.]+", r"(?a)[\w.]+", r"(?u)[\w.]+", r"(?a:[\w.]+)", r"(?s).*", "(?s:.)*", "(?-s:.*)",
    "(?m)^.*$", "(?m).*$", r"(?m).*\Z", ".*$", r".*\Z", "(?s).*^proj", "(?ms).*^proj", "(?m:.*$).*", r"(?s).*\n", "(?x) model . * # all of them", "(?x)m o d e l .*", r"(?x)m\ odel.*", "(?x)[ m]odel.*", "(?x)model . *", "(?x)model .{1, 3}",
    "(?x: m o )del.*", "(?x)(?-x: m).*", "(?x)m # c\nodel.*", "(?x)m # c", "(?x)m (?# c ) odel .*", "(?x)  | model.*", "(?x) m + odel .*", "(?x)( ?:m).*", "(?x)(? :m)", "(?xi)MODEL .*", "(?x)m\tod\vel.*", "(?x)m # a\\\nodel.*",
    # look-around
    "(?=model).*", "(?!model).*", "(?=.*q_proj).*", "(?!.*q_proj).*", "(?=(m))(?P<b>.)(?P=b)*.*", r"(?=(m))\1odel.*", r"(?!(x))\1*m.*", r".*(?<=_)proj", r".*(?<!_)proj", r".*(?<=[qv]_)proj", r".*(?<=q_|v_)proj", r".*(?<=q|v_)proj", r".*(?<=.*)proj",
    r".*(?<=a+)", r".*(?<=a{2})", r".*(?<=a{1,2})", r".*(?<=\.(q|v)_proj)", r".*(?<!\.(gate)_proj)", r"(?<=m).*", r"(?<!m).*", r"(?<=^)model.*", r"(?<!^)model.*", r".*(?<=$)", r".*(?<=\b)", r".(?<=(m)).*\1", r"(m)(?<=\1).*", r"(?<=(m)\1)", r"(?P<a>m)(?<=(?P=a)).*",
    r"(m)(?<=(?(1)m|o)).*", r"(m)(?<=(?(1)m|oo)).*", r"(?<=(m)(?(1)o|p))", r"(?<=(?=m)).*", r".*(?<=(?<=j))", r".*(?=\.\w+$).*", r"(?=m(?=o(?=d)))model.*", r"(?!m(?!o)).*", r"(?!(?!m)).*", r"(?=).*", r"(?!).*", r"(?<=).*", r"(?<!).*", "(?=", "(?=m", "(?<", "(?<=m", "(?<x)",
    r"(?:(?=.)[a-z_]+\.?)+.*", r"(?:(?!mlp).)*", r"(?:(?!\.mlp\.).)+_proj", r"^(?:(?!self_attn).)*$", r".*\.(?=[^.]+$)[qv].*", r"(?<=\d)\..*", r".*(?<=\d)\.(?!mlp)[^.]+.*", r"(?i)(?=MODEL).*", r"(?i).*(?<=Q_)PROJ",
    # atomic groups and possessive repeats
    r"(?>model).*", r"(?>m|model)\..*", r"(?>.*)proj", r"(?>.*?)model.*", r"(?>a*)(?:b|.)*", r"(?>(m)odel)\..*\1*", r"(?>", r"(?>m", r"(?:a|ab){2}+.*", r"(?:m|mo)*+del.*", r"(?:mo|m)*+del.*", r"\w*+\..*", r"\w++\.\w*+\..*", r"[^.]*+\.[^.]*+.*", r"(?:[^.]++\.)*+[qv]_proj",
    r"(?>[^.]+\.)+\w+", r"(?>(?:m|o)+)del.*", r"(\w)*+\..*", r"(?:\w){3,5}+.*", r"(?:){3}+.*", r"(m?)*+.*",
    # anchors
    r"\A.*\Z", r"^^model.*$$", r".*\b_proj", r".*_\B_proj", r"\b.*\b", r"\B.*", r".*\B", r".*\bq_proj\b", r".*\Bproj\b", r".*\.\b\d+\b\..*", r"model^", r"$model", r"(?:^|\.)model.*", r"\Z", r"\A", r"^", r"$", r"\b", r"\B", r"^$", r".*\z", r"\G.*",
    # alternations
    "model|transformer", "|model.*", "model.*|", "|", "||", "(|)", "(|m).*", "(m|)odel.*", "m|mo|mod|model.*", "(?:m|mo|mod)(?:el|del|odel).*", "(a|b|)+.*", "(?:model|mod)(?:el)?.*",
    # slow in other engines
    r"(\w*)*\d!", r"(?:a?|[a-z._0-9])*!", r"(?:\w|[a-z]|\.)*!",
    # alphabets
    "é", "modèle.*", r"mod\xe8le.*", r"mod\u00e8le.*", "MODÈLE.*", "(?i)MODÈLE.*", r"\w*\W.*", r".*\d.*", r"(?a).*\d.*", r"\D*", r".*\s.*", r"\S+", r"(?i)ſ.*", r"(?i).*K.*", "模型.*", "😀.*", ".", "[😀-😎]+.*", r"\U0001f600.*",
]  # fmt: skip

# Python's matcher needs more than a second for these on at least one path; they are to be refused, not waited for.
CATASTROPHIC = [
    r"((\w+\.?)*)*!",
    r"(?:\w+\.?)+!",
    r"([a-z_.0-9]+)+!",
    r"(.*.*)*!",
    r"(.+)+!",
    r"(?:(?:[a-z_]+|\d+)\.?)*!",
    r"(?:.|\w+)*!",
    r"(?=(?:\w+\.?)+!).*",
    r"(?!(?:\w+\.?)+!)model.layers.(?:\w+\.?)+!",
    r".*(?:.*)*.*(?:.*)*x!",
    r"(?:(\w)\1*|.)*!(?:.|\w)*",
    r"(?:.*?\.?)*?!",
]

ATOMS = ["model", "layers", "self_attn", "mlp", "q_proj", "v_proj", "_proj", "proj", r"\.", ".", r"\d", r"\w", r"[a-z]", r"[^.]", "[qkv]", "[0-3]", "m", "o", "_", "1", "h", "attn", "c_"]
REPEATS = ["", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}?", "*+", "++", "{,2}"]
OPENINGS = ["("] * 6 + ["(?:"] * 6 + ["(?=", "(?!"] * 3 + ["(?>"] * 2 + ["(?<=", "(?<!", "(?i:", "(?P<a>", "(?P<b>"]


def drawn_pattern(draw: random.Random) -> str:
    """A pattern of the grammar above; one in eight loses or doubles a character, which usually makes it invalid."""
    pattern = draw.choice(["", "", ".*", "(?i)", "^", "(?:.*\\.)?"]) + drawn_alternation(draw, 0) + draw.choice(["", "", ".*", "$", ".*", r"\w*"])
    if draw.random() < 1 / 8 and pattern:
        place = draw.randrange(len(pattern))
        pattern = pattern[:place] + draw.choice(["", pattern[place] * 2]) + pattern[place + 1 :]
    return pattern


def drawn_alternation(draw: random.Random, depth: int) -> str:
    return "|".join(drawn_sequence(draw, depth) for _ in range(draw.choice([1, 1, 1, 2, 3])))


def drawn_sequence(draw: random.Random, depth: int) -> str:
    return "".join(drawn_item(draw, depth) for _ in range(draw.randint(1, 4)))


def drawn_item(draw: random.Random, depth: int) -> str:
    chance = draw.random()
    if chance < 0.3 and depth < 3:
        return draw.choice(OPENINGS) + drawn_alternation(draw, depth + 1) + ")" + draw.choice(REPEATS)
    if chance < 0.32:
        return draw.choice([r"\1", r"\2", "(?P=a)", "(?(1)m|o)", "(?(b)l|a)"])
    if chance < 0.38:
        return draw.choice(["^", "$", r"\b", r"\B", r"\A", r"\Z"])
    atom = draw.choice(ATOMS)
    repeat = draw.choice(REPEATS)
    return (f"(?:{atom})" if repeat and len(atom) > 2 else atom) + repeat


def all_patterns(drawn: int) -> Iterator[str]:
    """Every pattern once, in a fixed order."""
    draw = random.Random(SEED)
    yield from dict.fromkeys([*FIELD, *CONSTRUCTS, *(drawn_pattern(draw) for _ in range(drawn))])
