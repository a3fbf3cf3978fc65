"""Qwen2 in PyTorch: training, generation with a cache, and the Hugging Face layout."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

# What products are computed in: bf16 where the processor multiplies it, else f32, which is then many times faster.
FAST = torch.bfloat16 if torch.cpu.get_capabilities().get("avx512_bf16") else torch.float32


def fast() -> torch.autocast:
    """Within it, products are computed in `FAST`."""
    return torch.autocast("cpu", torch.bfloat16, enabled=FAST == torch.bfloat16)


@dataclass(frozen=True)
class Shape:
    vocab_size: int = 512
    hidden_size: int = 256
    intermediate_size: int = 512
    num_hidden_layers: int = 5
    num_attention_heads: int = 4
    num_key_value_heads: int = 1
    max_position_embeddings: int = 1536
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1000.0

    @property
    def head(self) -> int:
        return self.hidden_size // self.num_attention_heads


class Norm(nn.Module):
    def __init__(self, width: int, eps: float):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x.float(), x.shape[-1:], self.weight, self.eps)


class Attention(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.s = s
        kv = s.num_key_value_heads * s.head
        self.q_proj = nn.Linear(s.hidden_size, s.hidden_size)
        self.k_proj = nn.Linear(s.hidden_size, kv)
        self.v_proj = nn.Linear(s.hidden_size, kv)
        self.o_proj = nn.Linear(s.hidden_size, s.hidden_size, bias=False)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], cache: "Cache | None", layer: int) -> Tensor:
        b, t, _ = x.shape
        q, k, v = (y.view(b, t, -1, self.s.head).transpose(1, 2) for y in together(x, self.q_proj, self.k_proj, self.v_proj))
        q, k = rotate(q, turn), rotate(k, turn)
        if cache is not None:
            k, v, mask = cache.extend(layer, k, v)
            y = attend(q, k.to(q.dtype), v.to(q.dtype), mask)
        elif FAST == torch.float32:
            y = attend_in_pieces(q, k, v)
        else:
            y = attend(q, k, v, torch.ones(t, t, dtype=torch.bool).tril()[None, None])
        return self.o_proj(y.transpose(1, 2).reshape(b, t, -1))


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """q [rows, heads, t, d]; k, v [rows, 1, s, d]; mask [rows or 1, 1, t, s].

    The query heads share one key head, so they are one matrix product: in bf16 twice as fast,
    backwards too, as the general function.
    """
    b, h, t, d = q.shape
    s = k.shape[2]
    scores = (q.reshape(b, h * t, d) @ k[:, 0].transpose(-1, -2)).view(b, h, t, s)
    bias = torch.zeros(mask.shape, dtype=q.dtype).masked_fill(~mask, float("-inf"))
    p = (scores * d**-0.5 + bias).softmax(-1).to(q.dtype)
    return (p.view(b, h * t, s) @ v[:, 0]).view(b, h, t, d)


def attend_in_pieces(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention by PyTorch's own function, each quarter of the queries with the keys up to its end.

    With AVX2, backwards too, 0.6 of the time of `attend`, and 0.75 of that of all queries with all keys.
    """
    t = q.shape[2]
    bias = torch.zeros(t, t).masked_fill(torch.ones(t, t, dtype=torch.bool).triu(1), float("-inf"))
    cuts = [t * i // 4 for i in range(5)]
    return torch.cat(
        [
            F.scaled_dot_product_attention(q[:, :, a:e], k[:, :, :e], v[:, :, :e], bias[None, None, a:e, :e], enable_gqa=True)
            for a, e in zip(cuts, cuts[1:])
        ],
        2,
    )


def together(x: Tensor, *layers: nn.Linear) -> tuple[Tensor, ...]:
    """Linear layers of one input as one matrix product, which is faster than several narrow ones."""
    weight = torch.cat([layer.weight for layer in layers])
    bias = torch.cat([layer.bias for layer in layers]) if layers[0].bias is not None else None
    return F.linear(x, weight, bias).split([layer.out_features for layer in layers], -1)


class Mlp(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.gate_proj = nn.Linear(s.hidden_size, s.intermediate_size, bias=False)
        self.up_proj = nn.Linear(s.hidden_size, s.intermediate_size, bias=False)
        self.down_proj = nn.Linear(s.intermediate_size, s.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = together(x, self.gate_proj, self.up_proj)
        return self.down_proj(F.silu(gate) * up)


class Layer(nn.Module):
    def __init__(self, s: Shape):
        super().__init__()
        self.input_layernorm = Norm(s.hidden_size, s.rms_norm_eps)
        self.self_attn = Attention(s)
        self.post_attention_layernorm = Norm(s.hidden_size, s.rms_norm_eps)
        self.mlp = Mlp(s)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], cache: "Cache | None", layer: int) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), turn, cache, layer)
        return x + self.mlp(self.post_attention_layernorm(x))


class Model(nn.Module):
    def __init__(self, shape: Shape = Shape()):
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.num_hidden_layers))
        self.norm = Norm(shape.hidden_size, shape.rms_norm_eps)
        for name, p in self.named_parameters():
            if name.endswith(("bias", "o_proj.weight", "down_proj.weight")):
                nn.init.zeros_(p)
            elif p.dim() == 2:
                nn.init.normal_(p, std=0.02)

    def forward(self, ids: Tensor, cache: "Cache | None" = None) -> Tensor:
        """ids [rows, t] to hidden states [rows, t, hidden] after the last norm."""
        x = self.embed_tokens(ids)
        start = cache.lengths if cache is not None else torch.zeros(ids.shape[0], dtype=torch.long)
        at = start[:, None] + torch.arange(ids.shape[1])
        turn = angles(self.shape, at)
        for i, layer in enumerate(self.layers):
            x = layer(x, turn, cache, i)
        return self.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        return F.linear(hidden, self.embed_tokens.weight)


def angles(s: Shape, at: Tensor) -> tuple[Tensor, Tensor]:
    """cos and sin, [rows, 1, t, head], of positions [rows, t]."""
    inverse = s.rope_theta ** (-torch.arange(0, s.head, 2) / s.head)
    angle = at[:, None, :, None] * torch.cat((inverse, inverse))
    return angle.cos(), angle.sin()


def rotate(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    cos, sin = turn
    a, b = x.chunk(2, -1)
    return x * cos.to(x.dtype) + torch.cat((-b, a), -1) * sin.to(x.dtype)


class Cache:
    """Keys and values of rows of different lengths, which grow together."""

    def __init__(self, shape: Shape, rows: int, most: int):
        size = (rows, shape.num_key_value_heads, most, shape.head)
        self.keys = [torch.zeros(size, dtype=FAST) for _ in range(shape.num_hidden_layers)]
        self.values = [torch.zeros(size, dtype=FAST) for _ in range(shape.num_hidden_layers)]
        self.lengths = torch.zeros(rows, dtype=torch.long)

    def extend(self, layer: int, k: Tensor, v: Tensor):
        rows, _, t, _ = k.shape
        at = self.lengths[:, None] + torch.arange(t)
        row = torch.arange(rows)[:, None].expand(rows, t)
        self.keys[layer][row, :, at] = k.transpose(1, 2).to(FAST)
        self.values[layer][row, :, at] = v.transpose(1, 2).to(FAST)
        longest = int(at.max()) + 1
        mask = torch.arange(longest)[None, None] <= at[:, :, None]
        return self.keys[layer][:, :, :longest], self.values[layer][:, :, :longest], mask[:, None]

    def keep(self, rows: Tensor) -> None:
        self.keys = [k[rows] for k in self.keys]
        self.values = [v[rows] for v in self.values]
        self.lengths = self.lengths[rows]


@torch.no_grad()
def generate(model: Model, prompts: list[list[int]], stop: int, most: int, temperature: float = 0.0, seed: int = 0) -> list[list[int]]:
    """Continues every prompt until `stop` or `most` tokens; greedily at temperature 0."""
    model.eval()
    random = torch.Generator().manual_seed(seed)
    out: list[list[int]] = [[] for _ in prompts]
    alive = torch.arange(len(prompts))
    longest = max(map(len, prompts))
    cache = Cache(model.shape, len(prompts), longest + most)
    ids = torch.zeros(len(prompts), longest, dtype=torch.long)
    for i, p in enumerate(prompts):
        ids[i, : len(p)] = torch.tensor(p)
    lengths = torch.tensor([len(p) for p in prompts])
    with fast():
        hidden = model(ids, cache)
        last = hidden[torch.arange(len(prompts)), lengths - 1]
        cache.lengths = lengths
        for _ in range(most):
            scores = model.logits(last).float()
            if temperature == 0:
                chosen = scores.argmax(-1)
            else:
                chosen = torch.multinomial((scores / temperature).softmax(-1), 1, generator=random)[:, 0]
            for row, token in zip(alive.tolist(), chosen.tolist()):
                out[row].append(token)
            going = chosen != stop
            if not going.all():
                alive, chosen = alive[going], chosen[going]
                if not len(alive):
                    break
                cache.keep(going)
            last = model(chosen[:, None], cache)[:, -1]
            cache.lengths = cache.lengths + 1
    return out


def save(model: Model, folder: Path) -> None:
    """config.json, generation_config.json and bf16 weights, as transformers writes them."""
    s = model.shape
    config = {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        **asdict(s),
        "hidden_act": "silu",
        "attention_dropout": 0.0,
        "tie_word_embeddings": True,
        "use_sliding_window": False,
        "torch_dtype": "bfloat16",
        **_ends(folder),
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    generation = {**_ends(folder), "do_sample": False}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")
    tensors = {f"model.{name}": p.detach().to(torch.bfloat16).contiguous() for name, p in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _ends(folder: Path) -> dict:
    tokens = {t["content"]: t["id"] for t in json.loads((folder / "tokenizer.json").read_text())["added_tokens"]}
    named = json.loads((folder / "tokenizer_config.json").read_text())
    return {"bos_token_id": tokens[named["bos_token"]], "eos_token_id": tokens[named["eos_token"]]}


def load(folder: Path) -> Model:
    config = json.loads((folder / "config.json").read_text())
    model = Model(Shape(**{k: config[k] for k in asdict(Shape())}))
    tensors = load_file(folder / "model.safetensors")
    model.load_state_dict({name.removeprefix("model."): t.float() for name, t in tensors.items()})
    return model
