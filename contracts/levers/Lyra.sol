// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A fixture of ours: what Lyra v1's OptionMarket and LiquidityPool ask of the adapter and of a board before they act, written
// anew after its later releases, in which collateral waits while everything is paused. The adapter is the package's. Amounts
// are counters.

interface IAdapter {
    function requireNotGlobalPaused(address market) external view;
    function getSpotPriceForMarket(address market) external view returns (uint256);
}

contract LeverOptionMarket {
    struct Board {
        uint256 id;
        uint256 expiry;
        uint256 iv;
        bool frozen;
        uint256[] strikeIds;
    }

    address public immutable owner = msg.sender;
    IAdapter public immutable adapter;
    mapping(uint256 => Board) private boards;
    mapping(uint256 => uint256) public boardToPriceAtExpiry;
    uint256 public acts;

    constructor(IAdapter to) {
        adapter = to;
    }

    modifier onlyOwner() {
        require(msg.sender == owner, "OnlyOwner");
        _;
    }

    function createBoard(uint256 id, uint256 expiry) external onlyOwner {
        (boards[id].id, boards[id].expiry) = (id, expiry);
    }

    function getOptionBoard(uint256 id) external view returns (Board memory) {
        return boards[id];
    }

    function setBoardFrozen(uint256 id, bool frozen) external onlyOwner {
        require(boards[id].id == id && id != 0, "InvalidBoardId");
        boards[id].frozen = frozen;
    }

    function forceSettleBoard(uint256 id) external onlyOwner {
        require(boards[id].id == id && id != 0, "InvalidBoardId");
        require(boards[id].frozen, "BoardNotFrozen");
        settle(id);
    }

    function settleExpiredBoard(uint256 id) external {
        require(boards[id].id == id && boards[id].expiry <= block.timestamp, "BoardNotExpired");
        settle(id);
    }

    function settle(uint256 id) private {
        require(boardToPriceAtExpiry[id] == 0, "BoardAlreadySettled");
        boardToPriceAtExpiry[id] = adapter.getSpotPriceForMarket(address(this));
    }

    function trade(uint256 id) private {
        adapter.getSpotPriceForMarket(address(this));
        require(!boards[id].frozen, "BoardIsFrozen");
        acts++;
    }

    function openPosition(uint256 id) external {
        trade(id);
    }

    function closePosition(uint256 id) external {
        trade(id);
    }

    function liquidatePosition(uint256 id) external {
        trade(id);
    }

    function addCollateral(uint256) external {
        adapter.requireNotGlobalPaused(address(this));
        acts++;
    }

    function initiateWithdraw() external {
        adapter.requireNotGlobalPaused(address(this));
        acts++;
    }
}
