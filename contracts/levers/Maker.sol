// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A fixture of ours: the checks of MakerDAO's OsmMom, ClipperMom, ESM, OSM, Clipper, Vat and End that its levers touch,
// written anew. Amounts are counters.

contract LeverOsm {
    uint256 public stopped;
    uint256 public pokes;
    mapping(address => uint256) public wards;

    constructor() {
        wards[msg.sender] = 1;
    }

    modifier auth() {
        require(wards[msg.sender] == 1, "OSM/not-authorized");
        _;
    }

    function rely(address who) external auth {
        wards[who] = 1;
    }

    function stop() external auth {
        stopped = 1;
    }

    function start() external auth {
        stopped = 0;
    }

    function poke() external {
        require(stopped == 0, "OSM/is-stopped");
        pokes++;
    }
}

contract LeverOsmMom {
    address public owner = msg.sender;
    address public authority;
    mapping(bytes32 => address) public osms;

    function setOsm(bytes32 ilk, address osm) external {
        require(msg.sender == owner, "OsmMom/only-owner");
        osms[ilk] = osm;
    }

    function setAuthority(address to) external {
        require(msg.sender == owner, "OsmMom/only-owner");
        authority = to;
    }

    function stop(bytes32 ilk) external {
        require(msg.sender == owner || msg.sender == authority, "OsmMom/not-authorized");
        LeverOsm(osms[ilk]).stop();
    }
}

contract LeverClip {
    uint256 public stopped;
    uint256 public tolerated = 1;
    uint256 public auctions;
    mapping(address => uint256) public wards;

    constructor() {
        wards[msg.sender] = 1;
    }

    function rely(address who) external {
        require(wards[msg.sender] == 1, "Clipper/not-authorized");
        wards[who] = 1;
    }

    function file(bytes32 what, uint256 data) external {
        require(wards[msg.sender] == 1, "Clipper/not-authorized");
        require(what == "stopped", "Clipper/file-unrecognized-param");
        stopped = data;
    }

    modifier isStopped(uint256 level) {
        require(stopped < level, "Clipper/stopped-incorrect");
        _;
    }

    function kick() external isStopped(1) {
        auctions++;
    }

    function redo() external isStopped(2) {
        auctions++;
    }

    function take() external isStopped(3) {
        auctions++;
    }
}

contract LeverClipperMom {
    address public owner = msg.sender;
    address public authority;
    mapping(address => uint256) public locked;
    /// A drop larger than what is tolerated: what `tripBreaker` asks of the OSM.
    bool public dropped;

    function setAuthority(address to) external {
        require(msg.sender == owner, "ClipperMom/only-owner");
        authority = to;
    }

    function drop() external {
        dropped = true;
    }

    function setBreaker(address clip, uint256 level, uint256 delay) external {
        require(msg.sender == owner || msg.sender == authority, "ClipperMom/not-authorized");
        require(level <= 3, "ClipperMom/nonexistant-level");
        LeverClip(clip).file("stopped", level);
        if (delay != 0) locked[clip] = block.timestamp + delay;
    }

    function tripBreaker(address clip) external {
        require(LeverClip(clip).stopped() < 2, "ClipperMom/clipper-already-stopped");
        require(locked[clip] < block.timestamp, "ClipperMom/temporary-locked");
        require(dropped, "ClipperMom/price-within-bounds");
        LeverClip(clip).file("stopped", 2);
    }
}

contract LeverVat {
    uint256 public live = 1;
    int256 public art;

    function cage() external {
        live = 0;
    }

    function frob(int256, int256 dart) external {
        require(live == 1, "Vat/not-live");
        art += dart;
    }

    function bark() external view {
        require(live == 1, "Dog/not-live");
    }
}

contract LeverEnd {
    LeverVat public vat;
    uint256 public live = 1;
    uint256 public freed;

    constructor(LeverVat to) {
        vat = to;
    }

    function cage() external {
        require(live == 1, "End/not-live");
        live = 0;
        vat.cage();
    }

    function free() external {
        freed++;
    }
}

contract LeverEsm {
    LeverEnd public end;
    uint256 public min;
    uint256 public Sum;

    constructor(LeverEnd to, uint256 needed) {
        end = to;
        min = needed;
    }

    function join(uint256 wad) external {
        Sum += wad;
    }

    function fire() external {
        require(Sum >= min, "ESM/min-not-reached");
        end.cage();
    }
}
